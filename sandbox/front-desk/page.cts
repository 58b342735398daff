import type { Clinic, Patient, PatientAttachment } from '../clinic/clinic.cts';
import { UNREADABLE } from '../clinic/content-type.cts';
import type { Mail } from '../mailbox.cts';
import { html, Html } from './html.cts';

/** An address that the page offers, such as that of a form. */
export interface Link {
	text: string;
	href: string;
}

/** What the page shows beside the records. */
export interface Around {
	links: Link[];
	/** The front desk's mail, oldest first. */
	mails: Mail[];
}

/** What the page shows. */
export interface View extends Around {
	clinic: Clinic;
	/** What somebody is looking for: a part of a patient's details or of a file's name; '' for all. */
	search: string;
}

/**
 * The clinic's patients and their files, as a front desk sees them.
 *
 * @param style the page's CSS
 * @param script the page's JavaScript
 */
export function frontDeskPage(
	{ clinic, search, links, mails }: View,
	style: string,
	script: string,
): Html {
	const sections = [...clinic.patients.values()].flatMap((patient) =>
		patientSection(patient, clinic, search),
	);
	return html`<!doctype html>
		<html lang="en">
			<head>
				<meta charset="utf-8" />
				<meta name="viewport" content="width=device-width" />
				<title>Front desk of the sandbox clinic</title>
				${new Html(`<style>${style}</style>`)}
			</head>
			<body>
				<header>
					<h1>Front desk of the sandbox clinic</h1>
					<p>
						The patients are made up, and nothing is kept when the sandbox ends. This page shows
						files as they arrive.
					</p>
					${links.length === 0 ? null : navigation(links)}
				</header>
				<main>
					<form role="search">
						<label for="search">Patient or file</label>
						<input type="search" id="search" name="search" value="${search}" dir="auto" />
						<button>Search</button>
						${search === '' ? null : html`<a href="/">Show all</a>`}
					</form>
					<p role="status"></p>
					<div id="records">
						${mails.length === 0
							? null
							: html`<p><a href="#mails">E-mails (${mails.length})</a></p>`}
						${sections.length === 0 ? html`<p>Nothing matches.</p>` : sections}
						${mails.length === 0 ? null : mailSection(mails)}
					</div>
				</main>
				${new Html(`<script>${script}</script>`)}
			</body>
		</html>`;
}

function navigation(links: Link[]): Html {
	const items = links.map(
		({ text, href }) => html`<li><a href="${href}" target="_blank" rel="noopener">${text}</a></li>`,
	);
	return html`<nav aria-label="Open in a new tab">
		<ul>
			${items}
		</ul>
	</nav>`;
}

function mailSection(mails: Mail[]): Html {
	return html`<section aria-labelledby="mails">
		<h2 id="mails" tabindex="-1">E-mails to the clinic</h2>
		${[...mails].reverse().map(mailArticle)}
	</section>`;
}

function mailArticle({ subject, to, text: body, attachments }: Mail): Html {
	return html`<article>
		<h3>${text(subject)}</h3>
		<p class="about">To ${to.join(', ')}</p>
		<p class="body" dir="auto">${body}</p>
		${attachments.length === 0
			? null
			: html`<p>Attached:</p>
					<ul>
						${attachments.map(({ name }) => html`<li>${text(name)}</li>`)}
					</ul>`}
	</article>`;
}

/** A patient with all files, or with those that match; nothing if neither matches. */
function patientSection(patient: Patient, clinic: Clinic, search: string): Html[] {
	const { id, firstName, lastName, preferredFirstName, email, oldReferenceId } = patient;
	const name = `${firstName} ${lastName}`;
	const files = [...clinic.attachments.values()].filter(({ patientId }) => patientId === id);
	const isMatch = matches(search, [name, preferredFirstName, email, id, oldReferenceId]);
	const shown = isMatch
		? files
		: files.filter(({ filename, description }) => matches(search, [filename, description]));
	if (!isMatch && shown.length === 0) return [];
	return [
		html`<section aria-labelledby="patient-${id}">
			<h2 id="patient-${id}">${text(name)}</h2>
			<p class="about">${detailsOf(patient, clinic)}</p>
			${shown.length === 0 ? html`<p>No files</p>` : fileTable(shown, clinic, id)}
		</section>`,
	];
}

function detailsOf(patient: Patient, { patients }: Clinic): Html[] {
	const { id, preferredFirstName, dateOfBirth, email, mergedWith, archivedAt } = patient;
	const into = mergedWith === null ? undefined : patients.get(mergedWith);
	const details = [
		preferredFirstName && html`Called ${text(preferredFirstName)}`,
		dateOfBirth && html`Born ${dateOfBirth}`,
		email && html`${text(email)}`,
		html`ID ${id}`,
		into
			? html`<strong>Merged with ${text(`${into.firstName} ${into.lastName}`)}</strong>`
			: archivedAt !== null && html`<strong>Archived</strong>`,
	].filter((detail) => detail instanceof Html);
	return details.map((detail, at) => (at === 0 ? detail : html` · ${detail}`));
}

function fileTable(files: PatientAttachment[], clinic: Clinic, patientId: string): Html {
	return html`<div class="table">
		<table aria-labelledby="patient-${patientId}">
			<thead>
				<tr>
					<th scope="col">File</th>
					<th scope="col">Description</th>
					<th scope="col">Size</th>
					<th scope="col">Added</th>
				</tr>
			</thead>
			<tbody>
				${files.map((file) => fileRow(file, clinic))}
			</tbody>
		</table>
	</div>`;
}

function fileRow(file: PatientAttachment, { users }: Clinic): Html {
	const { id, filename, description, contentType, createdAt, archivedAt, userId, stored } = file;
	const user = users.get(userId);
	return html`<tr id="file-${id}" ${filename === null ? null : 'data-arrived'}>
		<td>
			${filename === null
				? html`<span class="note">Being processed</span>`
				: html`<a href="/files/${id}" target="_blank" rel="noopener">${text(filename)}</a>`}
			${contentType === UNREADABLE ? html`<strong>Cliniko could not read it</strong>` : null}
			${archivedAt === null ? null : html`<strong>Archived</strong>`}
		</td>
		<td>${text(description ?? '')}</td>
		<td>${sizeOf(stored.size)}</td>
		<td>
			<time datetime="${new Date(createdAt).toISOString()}">${timeOf(createdAt)}</time>
			${user ? html`by ${text(`${user.firstName} ${user.lastName}`)}` : null}
		</td>
	</tr>`;
}

/** Text in any script: its direction is its own, and does not change that of the text around it. */
function text(value: string): Html {
	return html`<span dir="auto">${value}</span>`;
}

function matches(search: string, texts: Array<string | null>): boolean {
	return texts.some((one) => comparable(one ?? '').includes(comparable(search.trim())));
}

/** Without what people leave out when they search: capitals, accents, vowel points. */
function comparable(value: string): string {
	return value.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

const UNITS = ['bytes', 'kB', 'MB', 'GB'];

function sizeOf(bytes: number): string {
	const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
	const number = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });
	return `${number.format(bytes / 1000 ** power)} ${UNITS[power]}`;
}

/** In this machine's time zone. */
function timeOf(at: number): string {
	return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}
