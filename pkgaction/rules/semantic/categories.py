"""The categories that the Package Registry knows, and which lies below which.

Source: https://github.com/elastic/package-registry, release 1.38.0, categories. The official validator
fetches this list at run time; here it is built in, so a verdict does not depend on the network.
"""

from collections.abc import Mapping

_BELOW: Mapping[str, str] = {
    "custom": "custom_logs",
    "enterprise_search": (
        "app_search connector connector_client connector_package content_source crawler "
        "language_client native_search sdk_search workplace_search"
    ),
    "observability": (
        "application_observability analytics_engine big_data java_observability kubernetes "
        "load_balancer message_queue monitoring notification process_manager stream_processing "
        "virtualization web websphere"
    ),
    "security": (
        "advanced_analytics_ueba asset_inventory auditd authentication cdn_security "
        "cloudsecurity_cdr credential_management database_security dns_security edr_xdr "
        "email_security firewall_security iam ids_ips misconfiguration_workflow network_security "
        "productivity_security proxy_security siem threat_intel vpn_security "
        "vulnerability_management vulnerability_workflow web_application_firewall"
    ),
}
_ROOTS = (
    "aws azure cloud config_management containers crm custom datastore elastic_stack "
    "elasticsearch_sdk enterprise_search google_cloud infrastructure languages network "
    "observability opentelemetry os_system productivity security support ticketing "
    "version_control"
)

PARENTS: Mapping[str, str] = {
    category: parent for parent, below in _BELOW.items() for category in below.split()
}
ROOTS = frozenset(_ROOTS.split())
