"""Pages of the network, by audience: public, provider, office."""
