"""Tests of pkgaction."""
