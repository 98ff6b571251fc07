"""Can everybody use the service: barriers, who completes it, waits or needs help, and who was asked."""
