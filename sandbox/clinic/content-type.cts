import { extname } from 'node:path';

/** The content type that Cliniko has been seen to give an unreadable file. */
export const UNREADABLE = 'invalid/invalid';

interface FileType {
	contentType: string;
	/** Magic numbers of the file type; one of them has to match. */
	starts?: Buffer[];
}

const zip = bytes(0x50, 0x4b, 0x03, 0x04);
const oldOffice = bytes(0xd0, 0xcf, 0x11, 0xe0);
const jpeg: FileType = { contentType: 'image/jpeg', starts: [bytes(0xff, 0xd8, 0xff)] };
const tiff: FileType = {
	contentType: 'image/tiff',
	starts: [bytes(0x49, 0x49, 0x2a, 0x00), bytes(0x4d, 0x4d, 0x00, 0x2a)],
};
const openXml = 'application/vnd.openxmlformats-officedocument';

const types: Record<string, FileType> = {
	pdf: { contentType: 'application/pdf', starts: [Buffer.from('%PDF')] },
	png: { contentType: 'image/png', starts: [bytes(0x89, 0x50, 0x4e, 0x47)] },
	gif: { contentType: 'image/gif', starts: [Buffer.from('GIF8')] },
	jpg: jpeg,
	jpeg,
	tif: tiff,
	tiff,
	zip: { contentType: 'application/zip', starts: [zip] },
	docx: { contentType: `${openXml}.wordprocessingml.document`, starts: [zip] },
	xlsx: { contentType: `${openXml}.spreadsheetml.sheet`, starts: [zip] },
	doc: { contentType: 'application/msword', starts: [oldOffice] },
	xls: { contentType: 'application/vnd.ms-excel', starts: [oldOffice] },
	rtf: { contentType: 'application/rtf', starts: [Buffer.from('{\\rtf')] },
	txt: { contentType: 'text/plain' },
	csv: { contentType: 'text/csv' },
	html: { contentType: 'text/html' },
	json: { contentType: 'application/json' },
	xml: { contentType: 'application/xml' },
	heic: { contentType: 'image/heic' },
	mp4: { contentType: 'video/mp4' },
	dcm: { contentType: 'application/dicom' },
};

/**
 * The content type after processing: from the file's extension, or `invalid/invalid` if its first
 * bytes do not match that. How Cliniko does this is not documented.
 */
export function contentTypeOf(filename: string, head: Buffer): string {
	const type = types[extname(filename).slice(1).toLowerCase()];
	if (!type) return 'application/octet-stream';
	const { contentType, starts } = type;
	const fits = !starts || starts.some((start) => head.subarray(0, start.length).equals(start));
	return fits ? contentType : UNREADABLE;
}

function bytes(...values: number[]): Buffer {
	return Buffer.from(values);
}
