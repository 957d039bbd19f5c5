//! Pictures of what was measured over time.
//!
//! In: lines. Out: SVG, written by hand, that can be read on light and on dark ground.

use std::fmt::Write as _;

/// A line of points, below others over the same time.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What it shows, and in what.
    pub name: String,
    /// Seconds, and a value of 0 or more.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 20.0;
const HEAD: f64 = 34.0;
const HEIGHT: f64 = 96.0;
const FOOT: f64 = 30.0;

const STYLE: &str = "\
.ground{fill:#fff;stroke:#d5d9e0}.line{fill:none;stroke:#2458d3;stroke-width:1.6}\
.grid{stroke:#e4e7ec}.base{stroke:#9aa3b2}text{font:12px system-ui,sans-serif;fill:#48505e}\
.name{font-weight:600;fill:#171b22}@media(prefers-color-scheme:dark){.ground{fill:#14171c;\
stroke:#2e343d}.line{stroke:#7aa2ff}.grid{stroke:#262b33}.base{stroke:#59616e}\
text{fill:#a9b1bd}.name{fill:#eef1f5}}";

/// The picture of some panels, one below the other.
#[must_use]
pub fn svg(title: &str, panels: &[Panel]) -> String {
    let step = HEAD + HEIGHT + FOOT;
    #[allow(clippy::cast_precision_loss)] // a few panels
    let height = step * panels.len() as f64 + 14.0;
    let mut body = String::new();
    let mut top = 0.0;
    for panel in panels {
        draw(&mut body, panel, top);
        top += step;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{}\">\n<style>{STYLE}</style>\n<rect class=\"ground\" x=\"0.5\" y=\"0.5\" \
         width=\"{}\" height=\"{}\" rx=\"8\"/>\n{body}</svg>\n",
        escaped(title),
        WIDTH - 1.0,
        height - 1.0
    )
}

fn draw(body: &mut String, panel: &Panel, top: f64) {
    let bottom = top + HEAD + HEIGHT;
    let end = panel.points.iter().map(|point| point.0).fold(1e-9, f64::max);
    let most = round(panel.points.iter().map(|point| point.1).fold(1e-9, f64::max));
    let x = |at: f64| LEFT + at / end * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| bottom - value / most * HEIGHT;
    let _ = writeln!(
        body,
        "<text class=\"name\" x=\"{LEFT}\" y=\"{}\">{}</text>",
        top + 22.0,
        escaped(&panel.name)
    );
    for share in [0.0, 0.5, 1.0] {
        let (value, class) = (most * share, if share == 0.0 { "base" } else { "grid" });
        let at = y(value);
        let _ = writeln!(
            body,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            number(value)
        );
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let anchor = if share == 1.0 { "end" } else { "middle" };
        let _ = writeln!(
            body,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            x(end * share),
            bottom + 17.0,
            time(end * share)
        );
    }
    let points: Vec<String> =
        panel.points.iter().map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value))).collect();
    let _ = writeln!(body, "<polyline class=\"line\" points=\"{}\"/>", points.join(" "));
}

/// The next of 1, 2, 5, 10, 20, … that is not less.
fn round(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * decade).find(|it| *it >= value).unwrap_or(10.0 * decade)
}

fn number(value: f64) -> String {
    if value >= 1e6 {
        format!("{:.1} M", value / 1e6)
    } else if value >= 10.0 || value == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

fn time(seconds: f64) -> String {
    if seconds >= 180.0 { format!("{:.1} min", seconds / 60.0) } else { format!("{seconds:.1} s") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_on_round_numbers() {
        for (value, rounded) in [(0.9, 1.0), (1.2, 1.5), (41.0, 50.0), (77_000.0, 80_000.0)] {
            assert!((round(value) - rounded).abs() < 1e-6, "{value}");
        }
    }

    #[test]
    fn a_picture_holds_its_panels() {
        let panel = Panel { name: "a < b".into(), points: vec![(0.0, 1.0), (60.0, 3.0)] };
        let picture = svg("memory", &[panel.clone(), panel]);
        assert_eq!(picture.matches("<polyline").count(), 2);
        assert!(picture.contains("a &lt; b") && !picture.contains("NaN"), "{picture}");
    }
}
