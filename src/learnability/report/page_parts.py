"""Style and marks of the claims page. A verdict is a word and a mark, never a colour alone."""

VERDICT_MARKS = {
    "supported": "✓",
    "contradicted": "✗",
    "inconclusive": "?",
    "not tested": "–",
    "not at this scale": "·",
}

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.4 system-ui, "DejaVu Sans", sans-serif; color: #111; background: #fff; margin: 1rem auto;
  max-width: 1500px; padding: 0 1rem; }
small { color: #555; }
td { vertical-align: top; overflow-wrap: break-word; }
#claims { font-size: 88%; }
#claims th, #claims td { padding-left: .4rem; padding-right: .4rem; }
#claims td:nth-child(9) { min-width: 9rem; overflow-wrap: anywhere; }
#claims td:nth-child(3) { min-width: 15rem; }
div.dt-layout-table, div.dt-layout-table > div { overflow-x: auto; }
#claims td:nth-child(2) { white-space: nowrap; }
div.dtsp-panesContainer div.dt-scroll-body { height: auto !important; }
.form { font-size: 85%; border: 1px solid #777; border-radius: 3px; padding: 0 .25em; white-space: nowrap; }
.verdict { white-space: nowrap; font-weight: 600; padding: 0 .35em; border: 1px solid; border-radius: 3px; }
.supported { color: #005a8c; }
.contradicted { color: #a33b00; border-width: 2px; }
.inconclusive { color: #555; border-style: dashed; }
.not-tested { color: #555; border-style: dotted; font-weight: 400; }
tr.selected .verdict { color: inherit; }
figure, .data { margin: 1.5rem 0; break-inside: avoid; }
figure img { max-width: 100%; height: auto; }
figcaption { max-width: 60rem; }
.data h3 { font-size: 100%; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .8rem; font-size: 85%; }
dd { margin: 0; overflow-wrap: anywhere; }
.embedded a.file { color: inherit; text-decoration: none; pointer-events: none; }
:target { outline: 3px solid #e69f00; outline-offset: 4px; }
@media screen and (max-width: 800px) {
  #claims thead { display: none; }
  #claims, #claims tbody, #claims tr, #claims td { display: block; width: auto; text-align: left !important; }
  #claims tr { border-top: 2px solid #111; padding: .4rem 0; }
  #claims td { border: 0; padding: .1rem .2rem; overflow-wrap: anywhere; white-space: normal !important; }
  #claims td:empty { display: none; }
  #claims td:nth-child(2)::before { content: "Study: "; }
  #claims td:nth-child(4)::before { content: "Estimate: "; }
  #claims td:nth-child(5)::before { content: "Interval: "; }
  #claims td:nth-child(6)::before { content: "Expected: "; }
  #claims td:nth-child(7)::before { content: "Seeds: "; }
}
@page { size: landscape; margin: 1.2cm; }
@media print {
  .dt-search, .dtsp-panesContainer, .dt-info { display: none !important; }
  body { font-size: 8pt; max-width: none; margin: 0; padding: 0; }
  tr { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
}
"""

# A page that is embedded in the report has no folder of its own: links to files would lead nowhere.
SCRIPT = '<script>if (location.protocol === "data:") document.documentElement.classList.add("embedded")</script>'
