"""The policy pack: rules on what a program declares, whoever declares it. Knows neither components nor the pipeline."""
