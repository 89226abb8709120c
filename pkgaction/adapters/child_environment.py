"""What a program that we start sees of our environment: a list for each. All else is left out.

So no secret gets to git, to gpg, or to what they start: an agent, ssh, a credential helper.
"""

from collections.abc import Mapping

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
GPG = ("PATH", "TMPDIR")  # on a home of ours
GPG_OF_THE_USER = (*GPG, "HOME", "GNUPGHOME")
# The way out, and where a person's credentials are.
GIT = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", *_AUTHORITIES, *_PROXIES)
# A person's own choice of configuration; the fakes of tests use it, too.
GIT_CONFIGURATION = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")


def inherited(environ: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The variables with these names, as far as they are set."""
    return {name: environ[name] for name in names if name in environ}
