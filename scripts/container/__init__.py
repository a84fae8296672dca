"""Builds the action's image and tries it, where a container engine can be had."""
