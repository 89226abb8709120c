# Each output is named like the input of the Action that it is for.

output "bucket" {
  description = "Input bucket."
  value       = "gs://${google_storage_bucket.artifacts.name}"
}

output "index-bucket" {
  description = "Input index-bucket."
  value       = "gs://${google_storage_bucket.index.name}"
}

output "public-url" {
  description = "Input public-url; change it where a domain or a cache of yours serves the bucket."
  value       = "https://storage.googleapis.com/${google_storage_bucket.artifacts.name}"
}

output "workload-identity-provider" {
  description = "Input workload-identity-provider."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "service-account" {
  description = "Input service-account."
  value       = google_service_account.publisher.email
}
