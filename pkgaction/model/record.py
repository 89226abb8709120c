"""What is kept as metadata with each object of a package version: its record.

It is a hint, never a proof: whoever may change metadata can write any. The bytes come first.
"""

CRC32C = "crc32c"  # of the object's bytes
SEAL = "headers-crc32c"  # of the object's name and of the rest of its record
CONTENT = "content-sha256"  # over paths and file contents of the package
ZIP = "zip-sha256"  # of the zip the object belongs to
ZIP_CRC32C = "zip-crc32c"  # of the same zip
SUBMISSION = "submission"  # the queue's object that the version was made of
COMMIT, REPOSITORY, PULL_REQUEST = "commit", "repository", "pull-request"
RUN, TOOL = "run", "tool"
# what else is kept there is an administrator's, or another tool's
OURS = frozenset(
    {CRC32C, CONTENT, ZIP, ZIP_CRC32C, SUBMISSION, COMMIT, REPOSITORY, PULL_REQUEST, RUN, TOOL}
)
