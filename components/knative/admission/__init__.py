"""What the cluster itself refuses: rules of the policy pack that make sense there, by the same ids."""
