"""What people and workflows see: pure functions from the ledger to texts."""
