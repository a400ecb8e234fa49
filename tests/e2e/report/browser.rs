//! The report as a browser sees it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use skiptrace_tests::{Sandbox, tools};

use super::{HOSTILE, imported};

/// The browsers that are known, one of which is enough.
const BROWSERS: [&str; 3] = ["chromium-headless-shell", "chromium", "google-chrome"];
/// What all pages have.
const SECTIONS: [&str; 11] = [
    "overview",
    "trend",
    "misses",
    "audits",
    "fallbacks",
    "staleness",
    "jobs",
    "tests",
    "coverage",
    "indexes",
    "unknown",
];

/// A browser that knows nobody.
struct Browser<'a> {
    program: PathBuf,
    sandbox: &'a Sandbox,
}

/// What a browser did with a page.
struct Visit {
    stdout: String,
    /// What the page said on its console, such as that something was not allowed.
    console: Vec<String>,
    /// What it asked the network for.
    requests: Vec<String>,
}

impl Browser<'_> {
    fn visit(&self, page: &str, flags: &[&str]) -> Visit {
        let profile = tempfile::tempdir().unwrap();
        let log = profile.path().join("net.json");
        let mut command = self.sandbox.command(&self.program);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args([
                "--allow-file-access-from-files",
                "--virtual-time-budget=10000",
                "--enable-logging=stderr",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--log-net-log={}", log.display()))
            .args(flags)
            .arg(format!("file://{}", self.sandbox.work().join(page).display()));
        let output = command.output().expect("the browser starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let is_said = |line: &&str| line.contains(":CONSOLE");
        let log = std::fs::read_to_string(&log).expect("it writes what it asked for");
        let urls = log.split("\"url\":\"").skip(1).filter_map(|rest| rest.split('"').next());
        Visit {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            console: stderr.lines().filter(is_said).map(str::to_owned).collect(),
            requests: urls.filter(|url| url.starts_with("http")).map(str::to_owned).collect(),
        }
    }

    /// Looks at the report in a window of some width, and returns what there is to measure.
    fn measure(&self, width: u32, flags: &[&str]) -> Value {
        let wrapper = WRAPPER.replace("WIDTH", &width.to_string());
        self.sandbox.write("wrapper.html", &wrapper);
        let visit = self.visit("wrapper.html", &[&["--dump-dom"], flags].concat());
        assert_eq!((visit.console, visit.requests), (vec![], vec![]));
        let found =
            visit.stdout.split("<pre id=\"out\">").nth(1).and_then(|rest| rest.split("</pre>").next());
        let hex = found.unwrap_or_else(|| panic!("nothing was measured: {}", visit.stdout));
        let bytes = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap());
        serde_json::from_slice(&bytes.collect::<Vec<_>>()).unwrap()
    }
}

/// Shows the report in a frame, whose width is what the report takes for the window's, and measures it from outside. What it
/// found is written in hexadecimal digits, which no page changes.
const WRAPPER: &str = r#"<!DOCTYPE html>
<html><body><iframe id="frame" width="WIDTH" height="740" style="border:0"></iframe><pre id="out"></pre>
<script>
const frame = document.getElementById('frame');
// Luminance and contrast as WCAG 2 has them.
const rgb = text => text.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const contrast = (a, b) => {
  const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
};
frame.onload = () => {
  const page = frame.contentDocument, window = frame.contentWindow, root = page.documentElement;
  const all = [...page.querySelectorAll('body, body *')], style = element => window.getComputedStyle(element);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(style(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
  };
  const paper = behind(page.body);
  const has_text = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const drawn = element => style(element).display !== 'none' && element.getClientRects().length > 0;
  const texts = all.filter(element => has_text(element) && drawn(element) && !['title', 'desc'].includes(element.tagName));
  const color = element => rgb(element instanceof window.SVGElement ? style(element).fill : style(element).color);
  const marks = [...page.querySelectorAll('.swatch:not(.none)')];
  const out = {
    width: root.clientWidth, scroll_width: root.scrollWidth,
    is_dark: window.matchMedia('(prefers-color-scheme: dark)').matches, paper: light(paper),
    beyond: all.filter(e => drawn(e) && !e.closest('.scroll') && !e.closest('caption')
        && (e.getBoundingClientRect().right > root.clientWidth + 0.5 || e.getBoundingClientRect().left < -0.5))
      .map(e => e.outerHTML.slice(0, 100)),
    sections: [...page.querySelectorAll('section')].map(e => e.id),
    headings: [...page.querySelectorAll('h2')].map(e => e.textContent),
    figures: [...page.querySelectorAll('.figures .value')].map(e => e.textContent),
    charts: [...page.querySelectorAll('.plot svg')].map(e => e.getBoundingClientRect().width),
    least_letters: Math.min(...texts.map(e => parseFloat(style(e).fontSize))),
    least_contrast: Math.min(...texts.map(e => contrast(color(e), behind(e)))),
    least_mark: Math.min(...marks.map(e => contrast(rgb(style(e).backgroundColor), paper))),
    names: [...page.querySelectorAll('code')].map(e => e.textContent),
    scripts: page.scripts.length + page.querySelectorAll('img, iframe, link, object').length,
    resources: window.performance.getEntriesByType('resource').length,
    title: page.title,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(out));
  document.getElementById('out').textContent = [...bytes].map(b => b.toString(16).padStart(2, '0')).join('');
};
frame.src = 'report.html';
</script></body></html>
"#;
/// A page that does what a report must not do, to see that it would be noticed.
const BAD: &str =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src http:\">
<img src=\"http://127.0.0.1:9/x.png\"><script>1</script>";

/// Runs of two months, among them some whose names are meant to break the page.
fn many_lines() -> String {
    let mut text = super::lines();
    for day in 1..=28 {
        // A gap in the middle.
        if (11..=17).contains(&day) {
            continue;
        }
        for (number, hostile) in (0..).zip(HOSTILE) {
            // The name of a job is no text that holds anything.
            let job: String = hostile.chars().filter(|c| !c.is_control()).collect();
            let mut lines = super::Lines(String::new());
            lines.run(&format!("202511{day:02}T0{number}0000000Z-0000000000ff"), &job, Some(hostile), serde_json::json!({
                "command": "evaluate", "known": 9, "selected": 1, "skipped": 8, "failed": 1, "misses": u32::from(day == 20),
                "skippable": 8, "checked": 8, "saved_us": 9_000_000 + day * 100_000, "took_us": 1_000_000, "index_distance": day,
                "index_bytes": 1_000_000 * day, "fallbacks": {hostile: 1}, "overheads_us": {hostile: 70_000, "select": 90_000},
            }));
            lines.test(hostile, serde_json::json!({
                "outcome": "failed", "duration_us": 1_000_000, "decision": "would-skip", "missed": day == 20,
                "reason": hostile,
            }));
            lines.test(
                &format!("{}{number}", "long_".repeat(1000)),
                serde_json::json!({
                    "outcome": "passed", "duration_us": 9_000_000, "decision": "run", "reason": "executed",
                }),
            );
            text.push_str(&lines.0);
        }
    }
    text
}

#[test]
fn the_page_is_whole_in_a_browser_wide_and_narrow_light_and_dark() {
    let Some(program) = tools::require_any(&BROWSERS) else { return };
    let sandbox = imported(&many_lines());
    let _ = sandbox.skiptrace(["report", "--since", "90d", "--html", "report.html"]).success();
    let browser = Browser { program, sandbox: &sandbox };

    sandbox.write("bad.html", BAD);
    let bad = browser.visit("bad.html", &["--dump-dom"]);
    assert!(!bad.console.is_empty() && !bad.requests.is_empty(), "{:?} {:?}", bad.console, bad.requests);

    let dark = "--blink-settings=preferredColorScheme=0";
    for (width, flags) in [(360, &[][..]), (1280, &[]), (360, &[dark]), (1280, &[dark])] {
        let found = browser.measure(width, flags);
        let number = |name: &str| found[name].as_f64().unwrap_or_else(|| panic!("{name}: {found}"));
        assert_eq!(found["is_dark"], !flags.is_empty(), "{found}");
        assert_eq!(number("paper") < 0.1, !flags.is_empty());
        assert_eq!(found["beyond"], serde_json::json!([]), "at {width} px");
        assert!(number("scroll_width") <= number("width") && number("width") <= f64::from(width), "{found}");
        assert_eq!(found["sections"], serde_json::json!(SECTIONS));
        assert_eq!(found["headings"].as_array().unwrap().len(), SECTIONS.len());
        assert_eq!(found["figures"].as_array().unwrap().len(), 6);
        let charts = found["charts"].as_array().unwrap();
        assert!(charts.len() == 5 && charts.iter().all(|width| width.as_f64() > Some(200.0)), "{charts:?}");
        assert!(number("least_letters") >= 11.0, "{}", number("least_letters"));
        assert!(number("least_contrast") >= 4.5, "{}", number("least_contrast"));
        assert!(number("least_mark") >= 3.0, "{}", number("least_mark"));
        assert_eq!((number("scripts"), number("resources")), (0.0, 0.0));
        assert_eq!(found["title"], "Test selection report");
        let names: Vec<&str> =
            found["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        for name in [
            HOSTILE[0],
            HOSTILE[1],
            "control \\u{0} \\u{7} bidi \\u{202e}txet\\u{202c} zero\\u{200b}width",
            HOSTILE[3],
        ] {
            assert!(names.contains(&name), "no `{name}` among {names:?}");
        }
    }
}

#[test]
fn the_page_can_be_seen_and_printed() {
    let Some(program) = tools::require_any(&BROWSERS) else { return };
    let sandbox = imported(&many_lines());
    let _ = sandbox.skiptrace(["report", "--since", "90d", "--html", "report.html"]).success();
    let browser = Browser { program, sandbox: &sandbox };
    let seen = |flags: &[&str], file: &str| {
        let visit = browser.visit("report.html", flags);
        assert_eq!((visit.console, visit.requests), (vec![], vec![]));
        std::fs::read(Path::new(&sandbox.work()).join(file)).unwrap()
    };
    for size in ["360,740", "1280,900"] {
        let picture = seen(
            &["--screenshot=seen.png", &format!("--window-size={size}"), "--hide-scrollbars"],
            "seen.png",
        );
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 10_000, "{size}: {} bytes", picture.len());
    }
    let paper = seen(&["--print-to-pdf=report.pdf", "--no-pdf-header-footer"], "report.pdf");
    let n_pages = paper.windows(11).filter(|window| window == b"/Type /Page").count();
    assert!(paper.starts_with(b"%PDF-") && n_pages > 3, "{n_pages} pages");
}
