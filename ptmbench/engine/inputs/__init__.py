"""From samples to network inputs: pictures, texts, letterboxes, batches."""
