import { readRefusal, readStoredKey } from '../../../../../nodes/Cliniko/transport/s3/reply.ts';

const stored = (key: string) => `<?xml version="1.0" encoding="UTF-8"?>
<PostResponse><Location>https://bucket.s3.amazonaws.com/temp%2Fa.pdf</Location><Bucket>bucket</Bucket><Key>${key}</Key><ETag>"d41d8cd9"</ETag></PostResponse>`;

describe('The key of a stored file', () => {
	it.each([
		['with its slashes', 'temp/a.pdf', 'temp/a.pdf'],
		['with names for special characters', 'temp/A &amp; B &lt;1&gt;.pdf', 'temp/A & B <1>.pdf'],
		['with quotes as names', 'temp/&quot;a&quot; &apos;b&apos;.pdf', `temp/"a" 'b'.pdf`],
		[
			'with numbers for characters',
			'temp/O&#39;Brien &#x26; Co&#x1F600;.pdf',
			"temp/O'Brien & Co😀.pdf",
		],
		[
			'with an ampersand before what looks like a number',
			'temp/a&amp;#39;b.pdf',
			'temp/a&#39;b.pdf',
		],
		['with an ampersand before what looks like a name', 'temp/a&amp;lt;b.pdf', 'temp/a&lt;b.pdf'],
		['with letters of all scripts', 'temp/žluťoučký 日本語.pdf', 'temp/žluťoučký 日本語.pdf'],
		['that is not decoded', 'temp/100%25+plus%2F.pdf', 'temp/100%25+plus%2F.pdf'],
		['that is a number', '00123', '00123'],
		['that looks like a long number', '1e400', '1e400'],
		['that looks like true', 'true', 'true'],
		['with spaces at its ends', ' temp/a.pdf  ', ' temp/a.pdf  '],
		['without an extension', 'temp/scan', 'temp/scan'],
	])('is read %s', (_, xml, key) => {
		expect(readStoredKey(stored(xml))).toBe(key);
	});

	it('is read from a reply with a namespace and line breaks', () => {
		const xml = `<?xml version="1.0"?>
			<PostResponse xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
				<Bucket>bucket</Bucket>
				<Key>temp/a.pdf</Key>
			</PostResponse>`;

		expect(readStoredKey(xml)).toBe('temp/a.pdf');
	});

	it.each([
		['nothing', ''],
		['half a reply', '<PostResponse><Bucket>bucket</Bucket><Key>temp/a.p'],
		['half a reply with the whole key', '<PostResponse><Key>temp/a.pdf</Key><ETag>'],
		['no key', '<PostResponse><Bucket>bucket</Bucket></PostResponse>'],
		['an empty key', stored('')],
		['two keys', '<PostResponse><Key>a</Key><Key>b</Key></PostResponse>'],
		['a key with elements in it', stored('<b>temp</b>')],
		['another document', '<Error><Key>temp/a.pdf</Key></Error>'],
		['a web page', '<!doctype html><html><body>Please log in<br></body></html>'],
		['text', 'OK'],
		['JSON', '{"PostResponse":{"Key":"temp/a.pdf"}}'],
	])('is not made up from %s', (_, xml) => {
		expect(readStoredKey(xml)).toBeUndefined();
	});

	it.each([
		[
			'entities that multiply',
			`<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, i) => `<!ENTITY ${'bcdefghij'[i]} "${`&${'abcdefghi'[i]};`.repeat(10)}">`).join('')}]>`,
			'&j;',
		],
		[
			'one entity used very often',
			`<!DOCTYPE r [<!ENTITY a "${'a'.repeat(10_000)}">]>`,
			'&a;'.repeat(10_000),
		],
		['an entity from a file', '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>', '&a;'],
	])('is not blown up by %s', (_, doctype, key) => {
		const read = readStoredKey(`${doctype}<PostResponse><Key>${key}</Key></PostResponse>`) ?? '';

		expect(read.length).toBeLessThanOrEqual(key.length);
		expect(read).not.toContain('aaaa');
	});
});

describe('A refusal by S3', () => {
	it('has a code and a message', () => {
		const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;, &quot;$acl&quot;, &quot;private&quot;]</Message><RequestId>1</RequestId><HostId>2</HostId></Error>`;

		expect(readRefusal(xml)).toEqual({
			code: 'AccessDenied',
			message: 'Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]',
		});
	});

	it('may have a code alone', () => {
		expect(readRefusal('<Error><Code>AccessDenied</Code><Message/></Error>')).toEqual({
			code: 'AccessDenied',
			message: undefined,
		});
	});

	it.each([
		['nothing', ''],
		['a web page', '<html><head><title>502</title></head><body><hr></body></html>'],
		['half of one', '<Error><Code>AccessDenied</Code><Mess'],
		['a stored file', stored('temp/a.pdf')],
	])('says nothing when the reply is %s', (_, xml) => {
		expect(readRefusal(xml)).toEqual({ code: undefined, message: undefined });
	});
});
