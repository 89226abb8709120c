#!/usr/bin/env bash
# Two buckets, a keyless login for one repository, and a service account that adds versions and can't change
# one: the same as terraform/, by gcloud. It may be run again: what is there is brought to this state.
#
#   PROJECT=... BUCKET=... INDEX_BUCKET=... REPOSITORY_ID=... REPOSITORY_OWNER_ID=... ./gcloud.sh [--dry-run]
#
# --dry-run prints the commands of a set-up from nothing, and runs none.
set -euo pipefail
export LC_ALL=C

LOCATION=${LOCATION:-EU}
REFS=${REFS:-refs/heads/main} # more than one: with spaces between
NAME=${NAME:-pkgaction}
ISSUER=${ISSUER:-https://token.actions.githubusercontent.com} # of an enterprise server: https://HOST/_services/token
SOFT_DELETE_DAYS=${SOFT_DELETE_DAYS:-30}
INDEX_READERS=${INDEX_READERS:-} # none, or more than one with spaces between

case "$#:${1:-}" in
  0:) dry_run= ;;
  1:--dry-run) dry_run=yes ;;
  *)
    echo "usage: $0 [--dry-run]" >&2
    exit 2
    ;;
esac

wrong=
check() { # NAME VALUE PATTERN WHAT
  if [[ -z $2 ]]; then
    echo "$1 is missing: $4" >&2
    wrong=yes
  elif [[ ! $2 =~ $3 ]]; then
    echo "$1 is wrong: $4" >&2
    wrong=yes
  fi
}
check PROJECT "${PROJECT:-}" '^[a-z][a-z0-9-]{4,28}[a-z0-9]$' "id of the Google Cloud project"
check BUCKET "${BUCKET:-}" '^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$' "name of the public bucket; no gs://, no prefix"
check INDEX_BUCKET "${INDEX_BUCKET:-}" '^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$' \
  "name of the internal bucket; no gs://, no prefix"
check LOCATION "${LOCATION:-}" '^[A-Za-z][A-Za-z0-9-]+$' "a location of Cloud Storage, such as EU"
check REPOSITORY_ID "${REPOSITORY_ID:-}" '^[1-9][0-9]{0,19}$' "a number: gh api repos/OWNER/NAME --jq .id"
check REPOSITORY_OWNER_ID "${REPOSITORY_OWNER_ID:-}" '^[1-9][0-9]{0,19}$' \
  "a number: gh api repos/OWNER/NAME --jq .owner.id"
check NAME "${NAME:-}" '^[a-z][a-z0-9-]{4,24}[a-z0-9]$' "6 to 26 lower-case letters, digits and hyphens"
check ISSUER "${ISSUER:-}" '^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._/-]+)?$' \
  "an https:// address: who makes the runner's ID tokens"
check SOFT_DELETE_DAYS "${SOFT_DELETE_DAYS:-}" '^([7-9]|[1-8][0-9]|90)$' "7 to 90 days"
read -ra refs <<<"$REFS"
for ref in ${refs[@]+"${refs[@]}"}; do
  check REFS "$ref" '^refs/heads/[A-Za-z0-9._/-]+$' "branches, each as refs/heads/NAME"
done
read -ra readers <<<"$INDEX_READERS"
for reader in ${readers[@]+"${readers[@]}"}; do
  check INDEX_READERS "$reader" '^(serviceAccount|group|user):[^ ]+@[^ ]+$' \
    "each as serviceAccount:ADDRESS, group:ADDRESS or user:ADDRESS"
done
if [[ ${#refs[@]} == 0 ]]; then
  echo "REFS is missing: at least one branch, as refs/heads/NAME" >&2
  wrong=yes
fi
if [[ -n ${BUCKET:-} && ${BUCKET:-} == "${INDEX_BUCKET:-}" ]]; then
  echo "INDEX_BUCKET is wrong: the index needs a bucket of its own, the other one is public" >&2
  wrong=yes
fi
if [[ $NAME == gcp-* ]]; then
  echo "NAME is wrong: gcp- is reserved" >&2
  wrong=yes
fi
[[ -z $wrong ]] || exit 2

if [[ -z $dry_run ]]; then
  command -v gcloud >/dev/null || {
    echo "gcloud is missing: install the Google Cloud CLI, then: gcloud auth login" >&2
    exit 2
  }
  # a new account takes a minute to be known
  trap '[[ $? == 0 ]] || echo "Stopped. Wait a minute and run it again: it goes on from here." >&2' EXIT
fi

run() { # prints the command, or runs it
  if [[ -n $dry_run ]]; then
    printf '%q ' "$@"
    echo
  else
    "$@" >/dev/null
  fi
}
exists() { [[ -z $dry_run ]] && "$@" >/dev/null 2>&1; }

bucket() { # NAME FLAG
  exists gcloud storage buckets describe "gs://$1" ||
    run gcloud storage buckets create "gs://$1" --project="$PROJECT" --location="$LOCATION" \
      --uniform-bucket-level-access "$2"
  run gcloud storage buckets update "gs://$1" \
    --uniform-bucket-level-access "$2" --soft-delete-duration="${SOFT_DELETE_DAYS}d"
}

role() { # ID TITLE DESCRIPTION PERMISSIONS
  local verb=create
  if exists gcloud iam roles describe "$1" --project="$PROJECT"; then verb=update; fi
  run gcloud iam roles "$verb" "$1" --project="$PROJECT" --quiet \
    --title="$2" --description="$3" --permissions="$4"
}

run gcloud services enable --project="$PROJECT" \
  iam.googleapis.com iamcredentials.googleapis.com storage.googleapis.com sts.googleapis.com

# The public bucket. Public is what lies below artifacts/, and nothing else. IAM takes no condition for
# allUsers (https://cloud.google.com/iam/docs/conditions-overview); a managed folder has a policy of its own.
bucket "$BUCKET" --no-public-access-prevention
exists gcloud storage managed-folders describe "gs://$BUCKET/artifacts/" ||
  run gcloud storage managed-folders create "gs://$BUCKET/artifacts/"
run gcloud storage managed-folders add-iam-policy-binding "gs://$BUCKET/artifacts/" \
  --member=allUsers --role=roles/storage.objectViewer

# The index bucket: internal.
bucket "$INDEX_BUCKET" --public-access-prevention
for reader in ${readers[@]+"${readers[@]}"}; do
  run gcloud storage buckets add-iam-policy-binding "gs://$INDEX_BUCKET" \
    --member="$reader" --role=roles/storage.objectViewer --condition=None
done

# The login: GitHub's tokens, of one repository, of publishing branches. The reasons are in terraform/main.tf.
if [[ -n $dry_run ]]; then
  project_number=PROJECT_NUMBER
else
  project_number=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
fi
pool="projects/$project_number/locations/global/workloadIdentityPools/$NAME"
exists gcloud iam workload-identity-pools describe "$NAME" --project="$PROJECT" --location=global ||
  run gcloud iam workload-identity-pools create "$NAME" --project="$PROJECT" --location=global \
    --display-name="GitHub Actions"

mapping='google.subject=assertion.repository_id + "/" + assertion.run_id'
mapping+=',attribute.repository_id=assertion.repository_id'
allowed=$(printf ',"%s"' "${refs[@]}")
condition="assertion.repository_owner_id == \"$REPOSITORY_OWNER_ID\""
condition+=" && assertion.repository_id == \"$REPOSITORY_ID\""
condition+=" && assertion.ref in [${allowed:1}]"
condition+=' && assertion.event_name in ["push","schedule","workflow_dispatch"]'
verb=create-oidc
if exists gcloud iam workload-identity-pools providers describe github \
  --project="$PROJECT" --location=global --workload-identity-pool="$NAME"; then verb=update-oidc; fi
run gcloud iam workload-identity-pools providers "$verb" github \
  --project="$PROJECT" --location=global --workload-identity-pool="$NAME" --display-name="GitHub Actions" \
  --issuer-uri="$ISSUER" \
  --attribute-mapping="$mapping" --attribute-condition="$condition"

# The publisher: it adds, and may overwrite or delete in the index alone.
account="$NAME@$PROJECT.iam.gserviceaccount.com"
exists gcloud iam service-accounts describe "$account" --project="$PROJECT" ||
  run gcloud iam service-accounts create "$NAME" --project="$PROJECT" \
    --display-name="Publishes packages from GitHub Actions"
run gcloud iam service-accounts add-iam-policy-binding "$account" --project="$PROJECT" \
  --role=roles/iam.workloadIdentityUser --condition=None \
  --member="principalSet://iam.googleapis.com/$pool/attribute.repository_id/$REPOSITORY_ID"

role "${NAME//-/_}_publisher" "Package publisher" "Creates objects and reads them; changes and deletes none." \
  storage.objects.create,storage.objects.get,storage.objects.list
role "${NAME//-/_}_index" "Package index writer" \
  "Moves the cursor of the index, and removes an index folder that lost a race." \
  storage.objects.delete

for name in "$BUCKET" "$INDEX_BUCKET"; do
  run gcloud storage buckets add-iam-policy-binding "gs://$name" --condition=None \
    --member="serviceAccount:$account" --role="projects/$PROJECT/roles/${NAME//-/_}_publisher"
done
index_only='resource.type == "storage.googleapis.com/Object"'
index_only+=" && resource.name.startsWith(\"projects/_/buckets/$INDEX_BUCKET/objects/v2/metadata/\")"
run gcloud storage buckets add-iam-policy-binding "gs://$INDEX_BUCKET" \
  --member="serviceAccount:$account" --role="projects/$PROJECT/roles/${NAME//-/_}_index" \
  --condition="title=index-only,expression=$index_only"

echo "bucket: gs://$BUCKET"
echo "index-bucket: gs://$INDEX_BUCKET"
echo "public-url: https://storage.googleapis.com/$BUCKET"
echo "workload-identity-provider: $pool/providers/github"
echo "service-account: $account"
