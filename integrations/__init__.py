"""Hosts and services around the reviewer: pull requests, webhooks, storage, CI."""
