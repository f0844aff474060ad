"""Test examples made worse on purpose, to see what is left of a model that was transferred on clean ones.

Every draw comes from the corruption's name and the example's id, so that all models see the same corrupted example, and
one severity corrupts what a lower one corrupts too.
"""
