# Two buckets, a keyless login for one repository, and a service account that adds versions and can't
# change one. ../gcloud.sh does the same; a test keeps the two equal.

resource "google_project_service" "needed" {
  for_each = toset([
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

# --- The public bucket: packages, signatures, their files. No lifecycle rule: versions stay for good.

resource "google_storage_bucket" "artifacts" {
  name                        = var.bucket
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.needed]
}

# Public is what lies below artifacts/, and nothing else. IAM takes no condition for allUsers
# (https://cloud.google.com/iam/docs/conditions-overview), so it can't be said on the bucket; a managed
# folder is a prefix with a policy of its own, and takes allUsers.
resource "google_storage_managed_folder" "artifacts" {
  bucket        = google_storage_bucket.artifacts.name
  name          = "artifacts/"
  force_destroy = false
}

resource "google_storage_managed_folder_iam_member" "public" {
  bucket         = google_storage_managed_folder.artifacts.bucket
  managed_folder = google_storage_managed_folder.artifacts.name
  role           = "roles/storage.objectViewer"
  member         = "allUsers"
}

# --- The index bucket: internal. Soft delete and not versioning: what is overwritten or deleted can be
# restored for a while, nobody can delete it sooner, and the cursor's old states don't pile up for good.

resource "google_storage_bucket" "index" {
  name                        = var.index_bucket
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_iam_member" "index_reader" {
  for_each = toset(var.index_readers)

  bucket = google_storage_bucket.index.name
  role   = "roles/storage.objectViewer"
  member = each.value
}

# --- The login: GitHub's tokens, of one repository, of publishing branches.

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = var.name
  display_name              = "GitHub Actions"

  depends_on = [google_project_service.needed]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  # The subject may have 127 bytes. The token's own grows with the names of repository and branch, so it is
  # not used; this one has at most 41, and names the run in the audit log.
  attribute_mapping = {
    "google.subject"          = "assertion.repository_id + \"/\" + assertion.run_id"
    "attribute.repository_id" = "assertion.repository_id"
  }

  # Numbers, because a name that was given up can be taken by someone else. The events are named one by one:
  # so pull_request is refused, and also pull_request_target and workflow_run, whose ref is the default branch.
  attribute_condition = join(" && ", [
    "assertion.repository_owner_id == \"${var.repository_owner_id}\"",
    "assertion.repository_id == \"${var.repository_id}\"",
    "assertion.ref in ${jsonencode(var.refs)}",
    "assertion.event_name in [\"push\",\"schedule\",\"workflow_dispatch\"]",
  ])

  # No allowed_audiences: then it is the provider's own full name, which is what the Action asks for.
  oidc {
    issuer_uri = var.issuer
  }
}

# --- The publisher. Who replaces or deletes an object needs storage.objects.delete; it has that on the
# index alone.

resource "google_service_account" "publisher" {
  account_id   = var.name
  display_name = "Publishes packages from GitHub Actions"

  depends_on = [google_project_service.needed]
}

resource "google_service_account_iam_member" "login" {
  service_account_id = google_service_account.publisher.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.repository_id/${var.repository_id}"
}

resource "google_project_iam_custom_role" "publisher" {
  role_id     = "${replace(var.name, "-", "_")}_publisher"
  title       = "Package publisher"
  description = "Creates objects and reads them; changes and deletes none."
  permissions = [
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
  ]

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_custom_role" "index" {
  role_id     = "${replace(var.name, "-", "_")}_index"
  title       = "Package index writer"
  description = "Moves the cursor of the index, and removes an index folder that lost a race."
  permissions = [
    "storage.objects.delete",
  ]

  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_iam_member" "publisher_artifacts" {
  bucket = google_storage_bucket.artifacts.name
  role   = google_project_iam_custom_role.publisher.name
  member = google_service_account.publisher.member
}

resource "google_storage_bucket_iam_member" "publisher_index" {
  bucket = google_storage_bucket.index.name
  role   = google_project_iam_custom_role.publisher.name
  member = google_service_account.publisher.member
}

# v2/metadata/cursor.json, and the folders beside it. Which folder a publisher made itself IAM can't know:
# the Action only deletes those, by their generation, and soft delete covers the rest.
resource "google_storage_bucket_iam_member" "publisher_index_overwrite" {
  bucket = google_storage_bucket.index.name
  role   = google_project_iam_custom_role.index.name
  member = google_service_account.publisher.member

  condition {
    title      = "index-only"
    expression = "resource.type == \"storage.googleapis.com/Object\" && resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.index.name}/objects/v2/metadata/\")"
  }
}
