"""What `make bench` runs: the library against the tools that people use."""
