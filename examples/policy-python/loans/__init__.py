"""A policy for the loans of a library: which events there are, what is wrong with one, and where it goes."""
