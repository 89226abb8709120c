variable "project" {
  description = "Id of the Google Cloud project that holds everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "bucket" {
  description = "Name of the public bucket, new and unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name: 3 to 63 lower-case letters, digits, hyphens and underscores; no gs://, no prefix."
  }
}

variable "index_bucket" {
  description = "Name of the internal bucket with the search index; never the public one."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.index_bucket))
    error_message = "A bucket's name: 3 to 63 lower-case letters, digits, hyphens and underscores; no gs://, no prefix."
  }

  validation {
    condition     = var.index_bucket != var.bucket
    error_message = "The index needs a bucket of its own: the other one is public."
  }
}

variable "location" {
  description = "Where both buckets lie, such as EU, US or europe-west3. It can't be changed later."
  type        = string
  default     = "EU"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]+$", var.location))
    error_message = "A location of Cloud Storage, such as EU."
  }
}

variable "repository_id" {
  description = "Numeric id of the repository that publishes: gh api repos/OWNER/NAME --jq .id"
  type        = string

  validation {
    condition     = can(regex("^[1-9][0-9]{0,19}$", var.repository_id))
    error_message = "The repository's number, not its name: a name can be taken over, a number can't."
  }
}

variable "repository_owner_id" {
  description = "Numeric id of the repository's owner: gh api repos/OWNER/NAME --jq .owner.id"
  type        = string

  validation {
    condition     = can(regex("^[1-9][0-9]{0,19}$", var.repository_owner_id))
    error_message = "The owner's number, not the name: a name can be taken over, a number can't."
  }
}

variable "refs" {
  description = "The branches that publish, in full. Protect each of them."
  type        = list(string)
  default     = ["refs/heads/main"]

  validation {
    condition     = length(var.refs) > 0 && alltrue([for ref in var.refs : can(regex("^refs/heads/[A-Za-z0-9._/-]+$", ref))])
    error_message = "At least one branch, each as refs/heads/NAME."
  }
}

variable "name" {
  description = "Name of the service account and the pool, and the beginning of the roles' names."
  type        = string
  default     = "pkgaction"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,24}[a-z0-9]$", var.name)) && !startswith(var.name, "gcp-")
    error_message = "6 to 26 lower-case letters, digits and hyphens; gcp- is reserved."
  }
}

variable "issuer" {
  description = "Who makes the runner's ID tokens; of an enterprise server: https://HOST/_services/token"
  type        = string
  default     = "https://token.actions.githubusercontent.com"

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._/-]+)?$", var.issuer))
    error_message = "An https:// address."
  }
}

variable "soft_delete_days" {
  description = "For how long what is deleted or overwritten can be restored."
  type        = number
  default     = 30

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90 && floor(var.soft_delete_days) == var.soft_delete_days
    error_message = "7 to 90 whole days: what Cloud Storage allows."
  }
}

variable "index_readers" {
  description = "Who reads the index, such as the Package Registry: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for reader in var.index_readers : can(regex("^(serviceAccount|group|user):[^ ]+@[^ ]+$", reader))])
    error_message = "Each one as serviceAccount:ADDRESS, group:ADDRESS or user:ADDRESS. The index is never public."
  }
}
