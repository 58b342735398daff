/** Text that is put together piece by piece, with white space as browsers show it. */
export class FlowText {
	/** Not one text that grows: looking at its end would copy it every time. */
	private readonly parts: string[] = [];

	private size = 0;

	/** How many line breaks are due before what is added next. */
	private breaks = 0;

	private isSpaceDue = false;

	private isAtLineStart = true;

	/** What begins a list item, until something of it is added. */
	private marker = '';

	/** How many quotations what is added next is in. */
	private quotations = 0;

	get length(): number {
		return this.size;
	}

	/** What was added since the text had this length. */
	from(length: number): string {
		let end = '';
		for (let at = this.parts.length - 1; at >= 0 && end.length < this.size - length; at--) {
			end = this.parts[at]! + end;
		}
		return end.slice(Math.max(0, end.length - (this.size - length)));
	}

	/** Adds text, in which any white space counts as one space. */
	add(data: string): void {
		for (const part of data.split(/([ \t\r\n\f]+)/)) {
			if (/^[ \t\r\n\f]/.test(part)) this.isSpaceDue = true;
			else if (part !== '') this.addAsItIs(part);
		}
	}

	addAsItIs(part: string): void {
		if (part === '') return;
		// A message that is answered more often than that needs no more signs.
		const quoted = '> '.repeat(Math.min(this.quotations, 10));
		let added = '';
		if (!this.isAtLineStart && this.breaks > 0) added = '\n'.repeat(Math.min(this.breaks, 2));
		else if (!this.isAtLineStart && this.isSpaceDue) added = ' ';
		if (this.isAtLineStart || this.breaks > 0) added += quoted;
		added += this.marker;
		// What is added after a line break at the end brings its own signs.
		added += part.replace(/\u00a0/g, ' ').replace(/\n(?!$)/g, `\n${quoted}`);
		this.parts.push(added);
		this.size += added.length;
		this.isAtLineStart = part.endsWith('\n');
		this.breaks = 0;
		this.isSpaceDue = false;
		this.marker = '';
	}

	/** @param breaks 2 for an empty line before what is added next */
	endLine(breaks: number): void {
		this.breaks = Math.max(this.breaks, breaks);
	}

	lineBreak(): void {
		this.breaks++;
	}

	beginQuotation(): void {
		this.quotations++;
	}

	endQuotation(): void {
		this.quotations--;
	}

	/** @param marker what the item begins with */
	beginItem(marker: string): void {
		this.marker = marker;
	}

	endItem(): void {
		this.marker = '';
	}

	toString(): string {
		const lines = this.parts.join('').split('\n');
		return lines
			.map((line) => line.trimEnd())
			.join('\n')
			.trim();
	}
}
