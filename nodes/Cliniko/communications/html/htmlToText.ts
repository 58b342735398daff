import { Parser } from 'htmlparser2';

import { FlowText } from './flowText';
import { listOf, markerIn, type List } from './lists';
import { span, Table, type Cell } from './tables';
import { tagsOnly } from './tagsOnly';

/** Elements whose content nobody reads. Not `head`: where its end is missing, the text would be in it. */
const UNSEEN = ['script', 'style', 'svg', 'template', 'title'];

/** Elements that begin and end a line. */
const BLOCKS =
	words(`address article aside blockquote body caption center dd details dialog dir div dl dt
	fieldset figcaption figure footer form frameset header hgroup hr html legend li main menu nav noframes
	optgroup option search section summary`);

/** Elements with an empty line before and after them. */
const PARAGRAPHS = words('h1 h2 h3 h4 h5 h6 ol p pre table ul');

/** Elements that stand apart from the text beside them. */
const CONTROLS = words('button img input meter select textarea');

const CELLS = words('td th');

/** How deep a cell may be in others. Deeper ones are read as if they were none. */
const MOST_CELLS = 12;

/** Elements whose text is no longer meant. */
const STRUCK = words('del s strike');

/** A tag that e-mail programs write, as opposed to `<jane@mail.example>` or `a<b and c>d`. */
const TAG =
	/<!doctype html|<(?:body|br|div|h[1-6]|head|hr|html|img|li|meta|ol|p|style|table|tbody|td|tr|ul)(?:\s+[\w:-]+=(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*\/?>|<\/(?:a|b|div|em|font|h[1-6]|i|li|p|span|strong|td|tr|u)>/i;

/** Whether a text is HTML: it has a tag that e-mail programs write. */
export function isHtml(text: string): boolean {
	return TAG.test(text);
}

/**
 * What a reader of HTML sees, as text.
 *
 * Blocks become lines, paragraphs are divided by an empty line, list items begin with a hyphen or their
 * number, the lines of a quotation with `>`, the cells of a table are divided by `|` and the lines of a cell
 * by ` / `, and a link is followed
 * by its address unless its text ends with it. Text that is struck out says so, a raised number keeps apart
 * from the one before it (`10^9`), and a box that is ticked is `[x]`. White space is what a browser makes of
 * it. Styles, scripts, comments and pictures other than emoji are left out. What stands in angle brackets
 * and is no tag is kept, as people write it in a form whose answers become HTML.
 */
export function htmlToText(html: string): string {
	/** The text, and within a table that of the cell that has begun last. */
	const texts = [new FlowText()];
	const links: Array<{ address: string; from: number }> = [];
	const open: OpenElement[] = [];
	const lists: List[] = [];
	const tables: Table[] = [];
	const cells: Array<Omit<Cell, 'text'>> = [];
	let unseen = 0;
	let preformatted = 0;
	let isRaised = false;
	const text = () => texts.at(-1)!;
	const endRow = () => {
		text().endLine(1);
		text().addAsItIs(tables.at(-1)?.endRow() ?? '');
		text().endLine(1);
	};
	const parser = new Parser({
		onopentag(name, attributes) {
			const element = openElement(name, attributes, open.at(-1));
			open.push(element);
			if (element.lines > 0) text().endLine(element.lines);
			if (element.isApart) text().add(' ');
			if (UNSEEN.includes(name)) unseen++;
			if (element.isPreformatted) preformatted++;
			if (name === 'br') text().lineBreak();
			if (name === 'ol' || name === 'ul') lists.push(listOf(name, attributes));
			if (name === 'li') text().beginItem(markerIn(lists.at(-1), attributes));
			if (name === 'table') {
				if (cells.length > 0) cells.at(-1)!.hasTable = true;
				tables.push(new Table());
			}
			if (CELLS.includes(name) && cells.length < MOST_CELLS) {
				element.isCell = true;
				if (tables.length === 0) tables.push(new Table());
				const { colspan, rowspan } = attributes;
				cells.push({ columns: span(colspan), rows: span(rowspan), hasTable: false });
				texts.push(new FlowText());
			}
			if (name === 'blockquote') text().beginQuotation();
			if (name === 'a') {
				links.push({ address: (attributes.href ?? '').trim(), from: text().length });
			}
			if (element.isRaised) isRaised = true;
			if (unseen > 0) return;
			if (element.isStruck) text().add('[struck out: ');
			text().add(shownBy(name, attributes));
		},
		ontext(data) {
			if (unseen > 0) return;
			if (isRaised && /^\s*[-+\u2010-\u2013\u2212\d]/.test(data)) text().add('^');
			isRaised = false;
			if (preformatted > 0) text().addAsItIs(data);
			else text().add(data);
		},
		onclosetag(name) {
			const element = open.pop();
			if (element?.isStruck && unseen === 0) text().add(']');
			if (UNSEEN.includes(name)) unseen--;
			if (element?.isPreformatted) preformatted--;
			if (name === 'ol' || name === 'ul') lists.pop();
			if (name === 'li') text().endItem();
			if (element?.isCell) {
				const ended = texts.pop()!.toString();
				tables.at(-1)!.add({ ...cells.pop()!, text: ended });
			}
			if ((name === 'tr' || name === 'table') && cells.length < MOST_CELLS) endRow();
			if (name === 'table') tables.pop();
			if (name === 'blockquote') text().endQuotation();
			if (name === 'a') text().add(addressOf(links.pop(), text()));
			if (element?.isRaised) isRaised = false;
			if (element?.isApart) text().add(' ');
			if (element && element.lines > 0) text().endLine(element.lines);
		},
	});
	parser.end(tagsOnly(withLines(html)));
	// Rows may stand outside of a table.
	endRow();
	return text().toString();
}

/** Text in which somebody wrote `<br>`, or made a word bold, but no page of HTML: its lines count as such. */
function withLines(html: string): string {
	return PAGE.test(html) ? html : html.replace(/(?:<br\s*\/?>)?\n/gi, '<br>');
}

/** A tag of those that make up a page. */
const PAGE =
	/<(?:article|blockquote|body|dl|div|h[1-6]|html|li|main|ol|p|pre|section|style|table|td|textarea|tr|ul)\b/i;

type Attributes = Record<string, string>;

/** An element that has begun, and what is to be undone at its end. */
interface OpenElement {
	/** The lines that it ends, before and after it: 2 with an empty one. */
	lines: 0 | 1 | 2;
	/** Whether it is divided from the text beside it, in the same line. */
	isApart: boolean;
	/** Whether the elements in it are. */
	dividesChildren: boolean;
	isStruck: boolean;
	isRaised: boolean;
	isPreformatted: boolean;
	/** Whether it is a cell whose text is put together by itself. */
	isCell: boolean;
}

/** @param parent the element that it is in, if any */
function openElement(
	name: string,
	{ style = '' }: Attributes,
	parent: OpenElement | undefined,
): OpenElement {
	const [, display = ''] = /display:\s*([a-z-]+)/i.exec(style) ?? [];
	const isBlock =
		BLOCKS.includes(name) || /^(?:block|flex|grid|list-item|table|table-row)$/i.test(display);
	return {
		lines: PARAGRAPHS.includes(name) ? 2 : isBlock ? 1 : 0,
		isApart:
			CONTROLS.includes(name) ||
			/^(?:inline-|table-cell)/i.test(display) ||
			parent?.dividesChildren === true,
		dividesChildren: /flex|grid/i.test(display),
		isStruck: STRUCK.includes(name) || /text-decoration(?:-line)?:[^;]*line-through/i.test(style),
		isRaised: name === 'sup' || /vertical-align:\s*super/i.test(style),
		isPreformatted:
			name === 'pre' || name === 'textarea' || /white-space:\s*(?:pre|break-spaces)/i.test(style),
		isCell: false,
	};
}

/** What an element shows that has no text of its own: the tick of a box, what was filled in, or an emoji. */
function shownBy(name: string, attributes: Attributes): string {
	const { type = 'text', value = '', alt = '' } = attributes;
	const isTicked = 'checked' in attributes || 'selected' in attributes;
	if (name === 'option' || (name === 'input' && /^(checkbox|radio)$/i.test(type))) {
		return isTicked ? '[x] ' : '[ ] ';
	}
	const isShown = name === 'input' && !/^(button|hidden|image|password|reset|submit)$/i.test(type);
	// Emoji, flags and numbers in a box are pictures in many mails; any other picture is told in words.
	const isSign = name === 'img' && alt.length <= 16 && !/\p{L}/u.test(alt);
	return isShown ? value : isSign ? alt : '';
}

/** What follows a link: nothing if its text ends with the address, or if it leads nowhere outside the text. */
function addressOf(link: { address: string; from: number } | undefined, text: FlowText): string {
	const [, scheme] = /^(https?:|mailto:|tel:|\/\/)/i.exec(link?.address ?? '') ?? [];
	if (!link || !scheme) return '';
	const address = /^(http|\/)/i.test(scheme) ? link.address : link.address.slice(scheme.length);
	const bare = (one: string) => one.replace(/^(https?:)?\/\/|\/$|\s/gi, '');
	// Of a long text, its end is enough; links that are not closed may have all that follows for theirs.
	const end = text.from(Math.max(link.from, text.length - address.length - 50));
	return bare(end).endsWith(bare(address)) ? '' : ` (${address})`;
}

function words(list: string): string[] {
	return list.split(/\s+/);
}
