"""Target artifacts of this kind: links with everything known of them exactly."""

from learnability.studies.multi_index.links import build as build
