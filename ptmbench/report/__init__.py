"""Tables and exports, computed from records alone."""
