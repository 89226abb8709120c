"""What the registry knows by name: categories, and how an input gets its data.

Source: elastic/package-registry 1.40, categories/ and internal/ingestionmethod/. Both lists grow
with it: a category that is missing here is left out of the entry, a method is a hint for people.
"""

_CATEGORIES = """
    aws azure cloud config_management containers crm custom datastore elastic_stack
    elasticsearch_sdk enterprise_search google_cloud infrastructure languages network observability
    opentelemetry os_system productivity security support ticketing version_control

    custom_logs

    app_search connector connector_client connector_package content_source crawler language_client
    native_search sdk_search workplace_search

    analytics_engine application_observability big_data java_observability kubernetes load_balancer
    message_queue monitoring notification process_manager stream_processing virtualization web
    websphere

    advanced_analytics_ueba asset_inventory auditd authentication cdn_security cloudsecurity_cdr
    credential_management database_security dns_security edr_xdr email_security firewall_security
    iam ids_ips misconfiguration_workflow network_security productivity_security proxy_security siem
    threat_intel vpn_security vulnerability_management vulnerability_workflow
    web_application_firewall
"""
CATEGORIES = frozenset(_CATEGORIES.split())

_SHARED_METHODS = {
    "API": """
        cel entity-analytics httpjson o365audit salesforce streaming websocket winlog
        apache/metrics aws/metrics awsfargate/metrics azure/metrics containerd/metrics
        docker/metrics elasticsearch/metrics enterprisesearch/metrics etcd/metrics gcp/metrics
        haproxy/metrics http/metrics kibana/metrics kubernetes/metrics logstash/metrics
        meraki/metrics nats/metrics nginx/metrics panw/metrics rabbitmq/metrics stan/metrics
        vsphere/metrics windows/metrics
    """,
    "Database": """
        redis memcached/metrics mongodb/metrics mysql/metrics postgresql/metrics redis/metrics
        sql/metrics zookeeper/metrics
    """,
    "File": "filestream logfile linux/metrics system/metrics",
    "Network Protocol": "syslog tcp udp statsd/metrics",
    "Jolokia": "activemq/metrics jolokia/metrics kafka/metrics",
}
_OWN_METHODS = {
    "aws-cloudwatch": "AWS CloudWatch",
    "aws-s3": "AWS S3",
    "azure-blob-storage": "Azure Blob Storage",
    "azure-eventhub": "Azure Event Hub",
    "etw": "ETW",
    "gcp-pubsub": "GCP Pub/Sub",
    "gcs": "Google Cloud Storage",
    "http_endpoint": "Webhook",
    "iis/metrics": "Windows Performance Counters",
    "journald": "journald",
    "kafka": "Kafka",
    "lumberjack": "Lumberjack",
    "netflow": "NetFlow",
    "prometheus/metrics": "Prometheus",
}
_METHODS = _OWN_METHODS | {
    name: method for method, names in _SHARED_METHODS.items() for name in names.split()
}


def ingestion_method(input_type: str) -> str:
    """How that input gets its data, for people; empty where the registry has no word for it."""
    return _METHODS.get(input_type, "")
