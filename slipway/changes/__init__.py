"""What a change touches: the project at another commit and as it is now, compared as deployment sees them."""
