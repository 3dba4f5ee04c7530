"""The pure core: models, findings and validation. Reads files that it is given; runs nothing, calls nobody."""
