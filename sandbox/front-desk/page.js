/**
 * Runs in the browser: asks once a second for the records as they are now, and shows what has
 * changed.
 */
const status = document.querySelector('[role=status]');
const recordsOf = (page) => page.querySelector('#records');
const arrivedOn = (page) => [...page.querySelectorAll('[data-arrived]')];

/** The records as they came, since this script marks what is new among those that are shown. */
let shown = recordsOf(document).innerHTML;
const atFirst = new Set(arrivedOn(document).map(({ id }) => id));
let count = atFirst.size;
let news = '';

async function update() {
	const reply = await fetch(location.href);
	const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
	const records = recordsOf(page);
	if (!records || records.innerHTML === shown) return;
	shown = records.innerHTML;

	const files = arrivedOn(records);
	for (const file of files) if (!atFirst.has(file.id)) file.classList.add('new');
	const focused = document.activeElement?.getAttribute('href');
	recordsOf(document).replaceWith(records);
	if (focused) records.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();

	const arrived = files.length - count;
	count = files.length;
	if (arrived > 0) {
		const time = new Date().toLocaleTimeString('en-GB');
		news = `${arrived === 1 ? 'A file' : `${arrived} files`} arrived at ${time}.`;
	}
}

/** Screen readers read the status aloud when it is set, so it is set only when it is new. */
function tell(message) {
	if (status.textContent !== message) status.textContent = message;
}

async function keepUpToDate() {
	for (;;) {
		await new Promise((resolve) => setTimeout(resolve, 1000));
		try {
			if (!document.hidden) await update();
			tell(news);
		} catch {
			tell('The sandbox does not answer. This is what was there last.');
		}
	}
}

keepUpToDate();
