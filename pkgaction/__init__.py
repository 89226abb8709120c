"""pkgaction publishes Elastic packages: bump in, signed and indexed package out."""

__version__ = "0.1.0"
