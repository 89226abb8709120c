"""Rules about data streams: lifecycle policies, routing, categories."""

from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.categories import PARENTS, ROOTS
from pkgaction.rules.semantic.manifests import DataStream, data_streams, templates
from pkgaction.rules.semantic.reading import at, items, scalar, text, texts
from pkgaction.rules.told import found, quoted


def lifecycle_policy(package: Package) -> Iterator[Finding]:
    """A data stream's lifecycle policy is in the package, by the name it is installed under."""
    for data_stream in data_streams(package):
        policy = scalar(data_stream.manifest, "ilm_policy")
        if policy is None:
            continue
        prefix = f"{text(data_stream.manifest, 'type')}-{package.name}.{data_stream.name}-"
        file = f"{data_stream.path}/elasticsearch/ilm/{policy.text.removeprefix(prefix)}.json"
        if not policy.text.startswith(prefix):
            message = f"ilm_policy {quoted(policy.text)} must begin with {quoted(prefix)}"
            yield found(data_stream.file, message, policy)
        elif package.tree.get(file) is None:
            yield found(
                data_stream.file, f"ilm_policy {quoted(policy.text)} is not there: add {file}", policy
            )


def routing(package: Package) -> Iterator[Finding]:
    """A data stream that routes says its dataset, which the routing rules are installed for."""
    for data_stream in data_streams(package):
        rules = f"{data_stream.path}/routing_rules.yml"
        known = package.can_read(data_stream.file)
        if known and items(package.yaml(rules)) and at(data_stream.manifest, "dataset") is None:
            message = f"the data stream has routing_rules.yml, so {data_stream.file} needs a dataset"
            yield found(data_stream.file, message)


def template_categories(package: Package) -> Iterator[Finding]:
    """A policy template's data streams have its categories, where they have any."""
    streams = {each.name: (each.file, _categories(each)) for each in data_streams(package)}
    for template in templates(package):
        wanted = [category.text for category in texts(template, "categories")]
        for name in {node.text: node for node in texts(template, "data_streams")}.values():
            file, known = streams.get(name.text, ("", set()))
            missing = next((category for category in wanted if category not in known), "")
            if known and missing:
                message = (
                    f"template {quoted(text(template, 'name'))} has the category {quoted(missing)}, "
                    f"its data stream {quoted(name.text)} lacks it: add it in {file}"
                )
                yield found(MANIFEST, message, name)


def _categories(data_stream: DataStream) -> set[str]:
    return {category.text for category in texts(data_stream.manifest, "categories")}


def categories(package: Package) -> Iterator[Finding]:
    """The package has the parents of its data streams' categories, so that it is found there."""
    own = {category.text for category in texts(package.manifest(), "categories")}
    place = at(package.manifest(), "categories")
    for data_stream in data_streams(package):
        named = sorted(_categories(data_stream))
        for category in named:
            if category not in PARENTS and category not in ROOTS:
                message = (
                    f"data stream {quoted(data_stream.name)} has the unknown category {quoted(category)}"
                )
                yield found(MANIFEST, message, place)
        parents = {PARENTS.get(category, category) for category in named}
        if missing := sorted(parents & ROOTS - own):
            message = (
                f"data stream {quoted(data_stream.name)} has categories below {', '.join(missing)}: "
                "add them to the package's categories"
            )
            yield found(MANIFEST, message, place)
