"""The embedded AWS: moto's control plane on loopback, with functions, routes and events that really run."""
