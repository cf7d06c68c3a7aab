"""The library's benchmarks, one module of cases for each module measured."""
