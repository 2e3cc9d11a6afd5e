"""Amazon SageMaker Autopilot as a provider."""
