//! The picture's style sheet: fonts, and colours for light and dark pages.
//!
//! In: nothing. Out: CSS. Colours are calm but for Vexil's.

/// The shape of text and lines.
const STYLE: &str = "\
text{font:12px -apple-system,BlinkMacSystemFont,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif}\
.name{font-size:14px;font-weight:600}.tick{font-size:10.5px;text-anchor:middle}\
.label{text-anchor:end}\
.number{font-variant-numeric:tabular-nums;paint-order:stroke;stroke-width:4}\
.limit{stroke-dasharray:3 2}.ours{font-weight:600}";

/// Colours for one kind of page.
struct Palette {
    ground: &'static str,
    edge: &'static str,
    text: &'static str,
    faint: &'static str,
    grid: &'static str,
    vexil: &'static str,
    peer: &'static str,
    oracle: &'static str,
    limit: &'static str,
    limit_edge: &'static str,
}

const LIGHT: Palette = Palette {
    ground: "#ffffff",
    edge: "#d1d9e0",
    text: "#1f2328",
    faint: "#59636e",
    grid: "#eaeef2",
    vexil: "#5b57c7",
    peer: "#afbac6",
    oracle: "#d5cbea",
    limit: "#f6f8fa",
    limit_edge: "#8c98a4",
};

const DARK: Palette = Palette {
    ground: "#0d1117",
    edge: "#3d444d",
    text: "#f0f6fc",
    faint: "#9198a1",
    grid: "#21262d",
    vexil: "#8f8bf2",
    peer: "#4f5c69",
    oracle: "#4e4570",
    limit: "#151b23",
    limit_edge: "#7d8894",
};

impl Palette {
    /// Rules without variables, which not every reader of SVG knows.
    fn rules(&self) -> String {
        let Self { ground, edge, text, faint, grid, .. } = self;
        let Self { vexil, peer, oracle, limit, limit_edge, .. } = self;
        format!(
            ".ground{{fill:{ground};stroke:{edge}}}.base{{stroke:{edge}}}.grid{{stroke:{grid}}}\
             .number{{stroke:{ground}}}\
             text{{fill:{text}}}.about,.tick,.number{{fill:{faint}}}\
             .vexil,text.ours{{fill:{vexil}}}.peer{{fill:{peer}}}.oracle{{fill:{oracle}}}\
             .limit{{fill:{limit};stroke:{limit_edge}}}"
        )
    }
}

/// The style sheet.
pub fn style() -> String {
    let (light, dark) = (LIGHT.rules(), DARK.rules());
    format!("{STYLE}{light}@media (prefers-color-scheme:dark){{{dark}}}")
}
