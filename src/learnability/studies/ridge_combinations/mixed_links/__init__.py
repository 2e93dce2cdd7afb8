"""Kind ``mixed_links``: which neurons localise when links have several degrees and the student's signs are random?"""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.mixed_links.setting import MixedLinksSetting

KIND = Kind(MixedLinksSetting, one_setting=True)
