"""The results site: static pages that work from a folder, with no network and no server."""
