"""The algorithms of the book, as short as they can be while being right.

Each module holds what one part of the book builds: what a chapter shows is the code
that is here. Everything is checked against the library that people use, against
properties that must hold, and, where something is differentiated, against finite
differences.
"""
