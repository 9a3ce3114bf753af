"""What only shows after a while: long runs, in a short form in every test run."""
