"""What a config may say of escape times."""

from learnability.studies.multi_index.settings import Flow, FlowSetting


class EscapeSetting(FlowSetting):
    """Escape times of every saddle at several dimensions, with common random numbers across them."""

    flow: Flow
