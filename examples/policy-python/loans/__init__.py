"""A policy for the loans of a library: its events, what makes one invalid, and where it goes."""
