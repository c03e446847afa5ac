"""What others test their work with: for now the all-features contract."""
