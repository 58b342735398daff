import type { Resource } from '../operations';
import { upload } from './upload';

export const patientAttachment: Resource = {
	name: 'Patient Attachment',
	value: 'patientAttachment',
	defaultOperation: 'upload',
	operations: [upload],
};
