import { safeFileName, tidyFileName } from '../../../../nodes/Cliniko/records/fileName.ts';

const safe = (name: string) => safeFileName(name, 'fallback.pdf');

describe('The name of a file on a patient’s record', () => {
	it.each([
		'Referral.pdf',
		'Überweisung für Frau Müller.pdf',
		'日本語 žluťoučký.pdf',
		'Scan 😀 👩🏽.jpg',
		"O'Brien & Co, Sons (final) [v1] {a}.pdf",
		'.hidden',
		'scan',
		'a..b.pdf',
		'Dr\u00a0Smith\u3000scan.pdf',
		'$HOME.pdf',
	])('stays as it is: %s', (name) => {
		expect(safe(name)).toBe(name);
	});

	it.each([
		['50% #2.pdf', '50- -2.pdf'],
		['Was ist das?.pdf', 'Was ist das-.pdf'],
		['%41%2Fx.pdf', '-41-2Fx.pdf'],
		['Röntgen + Befund.pdf', 'Röntgen - Befund.pdf'],
		['a;b.pdf', 'a-b.pdf'],
		// NFC turns this into a semicolon.
		['a\u037eb.pdf', 'a-b.pdf'],
		['a\u00adb\u200bc\u2060d\u034fe\u3164f.pdf', 'abcdef.pdf'],
		['👨‍👩‍👧 ❤️.jpg', '👨👩👧 ❤.jpg'],
		['می\u200cخواهم.pdf', 'میخواهم.pdf'],
		['a\ufffeb\uffffc\ufff9d.pdf', 'abcd.pdf'],
	])('has nothing that an address does not carry: %s', (name, result) => {
		expect(safe(name)).toBe(result);
	});

	it.each([
		['one form of letters with marks', 'Mu\u0308ller.pdf', 'M\u00fcller.pdf'],
		['spaces for line breaks and tabs', 'a\r\nb\tc\u2028d\u2029e.pdf', 'a b c d e.pdf'],
		['no other control characters', 'a\u0000b\u001bc\u007fd\u0085e.pdf', 'abcde.pdf'],
		['no marks that turn the direction', 'Invoice\u202Efdp.exe', 'Invoicefdp.exe'],
		['none of the other such marks', 'a\u061C\u200E\u200F\u202A\u2066\u2069b.pdf', 'ab.pdf'],
		['no halves of characters', 'a\ud83db\ufffdc.pdf', 'abc.pdf'],
		['hyphens for slashes', 'C:\\fakepath\\2026/03/scan.pdf', 'C:-fakepath-2026-03-scan.pdf'],
		['apostrophes for quotes', 'the "final" one.pdf', "the 'final' one.pdf"],
		['no name that S3 would put into itself', 'a ${filename} b.pdf', 'a filename b.pdf'],
		['none in capitals', '${FileName}.pdf', 'FileName.pdf'],
		['none that a control character hides', '${file\u0000name}.pdf', 'filename.pdf'],
		['no spaces at its ends', '  scan.pdf \n', 'scan.pdf'],
	])('gets %s', (_, name, result) => {
		expect(safe(name)).toBe(result);
	});

	it.each(['${${filename}}.pdf', '${${${FILENAME}}}.pdf', '${${filename}filename}.pdf'])(
		'is never put into itself by S3: %s',
		(name) => {
			expect(safe(name).toLowerCase()).not.toContain('${filename}');
		},
	);

	it('has one form of letters even when a mark stood inside of one', () => {
		const name = safe('Mu\u200E\u0308ller.pdf');

		expect(name).toBe(name.normalize('NFC'));
	});

	it.each([
		[''],
		[' '],
		['.'],
		['..'],
		['/'],
		['#?'],
		['%'],
		['../..'],
		['- -'],
		['\u0000'],
		['\u202E'],
		['\\'],
	])('is the fallback when nothing is left of %j', (name) => {
		expect(safe(name)).toBe('fallback.pdf');
	});

	describe('has at most 255 bytes', () => {
		it.each([
			['of 255 bytes', `${'a'.repeat(251)}.pdf`, `${'a'.repeat(251)}.pdf`],
			['of 256 bytes', `${'a'.repeat(252)}.pdf`, `${'a'.repeat(251)}.pdf`],
			['of many bytes', `${'ü'.repeat(300)}.pdf`, `${'ü'.repeat(125)}.pdf`],
			['of emoji', `${'😀'.repeat(100)}.jpeg`, `${'😀'.repeat(62)}.jpeg`],
			[
				'with a space at the cut',
				`${'a'.repeat(250)} ${'b'.repeat(9)}.pdf`,
				`${'a'.repeat(250)}.pdf`,
			],
			['with no ending', 'a'.repeat(300), 'a'.repeat(255)],
			['with a dot at its start alone', `.${'a'.repeat(300)}`, `.${'a'.repeat(254)}`],
			[
				'with an ending of 16 characters',
				`${'a'.repeat(300)}.${'b'.repeat(15)}`,
				`${'a'.repeat(239)}.${'b'.repeat(15)}`,
			],
			[
				'with an ending too long to be one',
				`${'a'.repeat(300)}.${'b'.repeat(16)}`,
				'a'.repeat(255),
			],
		])('and keeps its ending: a name %s', (_, name, result) => {
			expect(safe(name)).toBe(result);
			expect(Buffer.byteLength(result)).toBeLessThanOrEqual(255);
		});
	});
});

describe('The name of a file that is downloaded', () => {
	it.each([['50% #2?.pdf'], ['a+b;c.pdf'], ['👨‍👩‍👧 ❤️.jpg'], ['می\u200cخواهم.pdf']])(
		'keeps what only an address cannot carry: %s',
		(name) => {
			expect(tidyFileName(name, 'fallback.pdf')).toBe(name);
		},
	);

	it('is as harmless as any other', () => {
		expect(tidyFileName('../a\u0000"\u202Eb".pdf', 'fallback.pdf')).toBe("..-a'b'.pdf");
		expect(tidyFileName('..', 'fallback.pdf')).toBe('fallback.pdf');
	});
});
