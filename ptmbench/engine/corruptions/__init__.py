"""Test examples made worse on purpose, to see what is left of a model that was carried over on clean ones.

Every draw comes from the corruption's name and the example's id, so that all models see the same spoilt example, and
one severity spoils what a lower one spoils too.
"""
