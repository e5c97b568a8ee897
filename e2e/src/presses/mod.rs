//! Everybody presses twice some day. The browser asks once, and shows the secret: held against ways
//! of pressing, gaps, lines and browsers, through a real line that is slow.

mod case;
mod hand;
mod table;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use fantoccini::{Locator, elements::Element};
use futures_util::future::join_all;

pub use case::{Case, Way, all, pairwise};
pub use table::table;

use self::hand::Hand;
use crate::{Browser, Engine, Launch, Sent, SlowLine, World, eventually};

/// How much longer than its line an answer may take before it counts as lost; this machine may be
/// busy.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long pages without script keep a second press off (`style.css`). What comes later is a press
/// of its own.
const KEPT_OFF: Duration = Duration::from_millis(1500);
/// How often a case is tried whose second press such a page got too late, on a machine that is
/// busy.
const TRIES: usize = 6;
/// How often a browser is asked what it shows: each time costs some of its time.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What came of a case.
pub struct Tried {
    /// The case.
    pub case: Case,
    /// How it went wrong, if it did.
    pub loss: Option<Loss>,
    /// How much later than meant the second press came.
    pub late: Duration,
}

/// Not one request and the secret on the page.
#[derive(Debug)]
pub struct Loss {
    /// How many requests reached reveal-web.
    pub posts: usize,
    /// What the browser shows: the secret, the state of another page, or nothing new.
    pub shown: String,
}

/// A case, and the secrets that are opened in it, one a try.
struct Task {
    case: Case,
    sent: Vec<Sent>,
}

/// Those who share a kind of browser, and what is left to do for them.
struct Crew {
    launch: Launch,
    tasks: Mutex<Vec<Task>>,
    lines: Vec<SlowLine>,
}

/// Tries cases, with so many browsers at once, with or without JavaScript; in the order given.
pub async fn run(cases: &[Case], browsers: usize, javascript: bool) -> Vec<Tried> {
    let mut world = World::without_programs(Engine::Sqlite).await;
    world.watch_for("canary-pressed");
    let store = world.database.store().await;
    let mut crews: Vec<Crew> = Vec::new();
    for case in cases {
        let mut task = Task {
            case: *case,
            sent: Vec::new(),
        };
        for _ in 0..if javascript { 1 } else { TRIES } {
            let sent = world.keys.send(&store, "canary-pressed twice").await;
            task.sent.push(sent);
        }
        let launch = launch(case, javascript);
        match crews.iter_mut().find(|crew| crew.launch == launch) {
            Some(crew) => crew.tasks.get_mut().unwrap().push(task),
            None => crews.push(Crew::new(launch, task)),
        }
    }
    for crew in &mut crews {
        // The longest is begun first: it is taken from the end.
        crew.tasks
            .get_mut()
            .unwrap()
            .sort_by_key(|task| task.case.length());
    }
    for _ in 0..browsers.max(crews.len()) {
        let longest = crews.iter_mut().max_by_key(|crew| crew.length());
        longest.unwrap().join(&mut world).await;
    }
    let seats = crews
        .iter()
        .flat_map(|crew| crew.lines.iter().map(|line| crew.work(line)));
    let mut tried: Vec<_> = join_all(seats).await.into_iter().flatten().collect();
    drop(crews);
    world.finish().await;
    tried.sort_by_key(|tried| cases.iter().position(|case| *case == tried.case));
    tried
}

/// The browser of a case. Its commands return before pages are loaded: what people do meanwhile is
/// what this is about.
fn launch(case: &Case, javascript: bool) -> Launch {
    Launch {
        kind: case.browser,
        clicks_give_focus: case.way != Way::MouseWithoutFocus,
        touch: case.way == Way::Tap,
        javascript,
        impatient: true,
        ..Launch::default()
    }
}

impl Crew {
    fn new(launch: Launch, task: Task) -> Self {
        Self {
            launch,
            tasks: Mutex::new(vec![task]),
            lines: Vec::new(),
        }
    }

    /// About how long it works with the browsers that it has; first of all it needs one.
    fn length(&self) -> Duration {
        let tasks = self.tasks.lock().unwrap();
        let length: Duration = tasks.iter().map(|task| task.case.length()).sum();
        match u32::try_from(self.lines.len()).unwrap() {
            0 => Duration::MAX,
            browsers => length / browsers,
        }
    }

    /// One browser more, with a line to a reveal-web of its own: each has its own name in public.
    async fn join(&mut self, world: &mut World) {
        let mut line = SlowLine::new().await;
        let variables = [
            ("PUBLIC_BASE_URL", line.url.clone()),
            ("RATE_LIMIT", "100000/1s".to_owned()),
        ];
        world.start_web(&variables).await;
        line.lead_to(&world.webs.last().unwrap().url);
        self.lines.push(line);
    }

    /// One browser, until nothing is left to do.
    async fn work(&self, line: &SlowLine) -> Vec<Tried> {
        let browser = Browser::launch(self.launch).await;
        let mut tried = Vec::new();
        loop {
            let task = self.tasks.lock().unwrap().pop();
            let Some(task) = task else { break };
            tried.push(self.attempts(&browser, line, &task).await);
        }
        browser.close().await;
        tried
    }

    /// Until the presses came as they were meant to; the last try counts however that was.
    async fn attempts(&self, browser: &Browser, line: &SlowLine, task: &Task) -> Tried {
        let (last, others) = task.sent.split_last().expect("a secret");
        let javascript = self.launch.javascript;
        for sent in others {
            let tried = attempt(browser, line, &task.case, sent, javascript).await;
            if task.case.gap + tried.late < KEPT_OFF {
                return tried;
            }
        }
        attempt(browser, line, &task.case, last, javascript).await
    }
}

async fn attempt(
    browser: &Browser,
    line: &SlowLine,
    case: &Case,
    sent: &Sent,
    javascript: bool,
) -> Tried {
    line.delay(case.line);
    let before = line.posts();
    let button = open(browser, line, sent, javascript).await;
    if matches!(case.way, Way::Enter | Way::Space | Way::HeldEnter) {
        focus(browser).await;
    }
    let (x, y, width, height) = button.rectangle().await.unwrap();
    let middle = (x + width / 2.0, y + height / 2.0);
    let hand = Hand::new(browser, case.way, middle, javascript);
    let late = hand.press(case).await;
    let shown = shown(browser, sent, case.line + PATIENCE).await;
    let posts = line.posts() - before;
    let is_well = posts == 1 && shown == SECRET;
    Tried {
        case: *case,
        loss: (!is_well).then_some(Loss { posts, shown }),
        late,
    }
}

/// Opens the link of a secret; the button of its page.
async fn open(browser: &Browser, line: &SlowLine, sent: &Sent, javascript: bool) -> Element {
    let token = sent.token.encode();
    let address = format!("{}/s/{}", line.url, token.as_str());
    browser.page.goto(&address).await.unwrap();
    // Not the page of the case before.
    browser
        .find(&format!("input[name=token][value='{}']", token.as_str()))
        .await;
    let button = browser.find("#reveal").await;
    drawn(browser, javascript).await;
    button
}

/// Nobody presses what was not drawn yet.
async fn drawn(browser: &Browser, javascript: bool) {
    if javascript {
        let frames = "const done = arguments[arguments.length - 1];
            const draw = () => requestAnimationFrame(() => requestAnimationFrame(() => done()));
            document.readyState === 'complete' ? draw() : addEventListener('load', draw);";
        browser
            .page
            .execute_async(frames, Vec::new())
            .await
            .unwrap();
        return;
    }
    // Where pages have no script, nothing tells of frames.
    eventually("the page, drawn", || async {
        let painted = "return performance.getEntriesByType('paint').length > 0";
        let painted = browser.page.execute(painted, Vec::new()).await.ok()?;
        painted.as_bool()?.then_some(())
    })
    .await;
}

/// Goes to the button as people do who use no mouse.
async fn focus(browser: &Browser) {
    eventually("the focus on the button", || async {
        browser.type_keys("\u{e004}").await;
        let focused = browser.page.active_element().await.ok()?;
        let id = focused.attr("id").await.ok()?;
        (id.as_deref() == Some("reveal")).then_some(())
    })
    .await;
}

/// What [`shown`] says of the page with the secret.
const SECRET: &str = "the secret";

/// What the browser shows once the answer is there.
async fn shown(browser: &Browser, sent: &Sent, patience: Duration) -> String {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if let Some(seen) = look(browser, sent).await {
            return seen;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    "the page with the button".to_owned()
}

async fn look(browser: &Browser, sent: &Sent) -> Option<String> {
    let found = browser.page.find(Locator::Css("#secret, #state")).await;
    let found = found.ok()?;
    if let Some(state) = found.attr("data-state").await.ok()? {
        return Some(state);
    }
    let text = found.prop("textContent").await.ok()??;
    let is_whole = text == sent.text;
    Some(if is_whole { SECRET } else { "something else" }.to_owned())
}
