use std::io::Cursor;

use image::{GenericImageView as _, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

fn encode(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn plain(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    encode(&RgbImage::new(width, height), format)
}

fn sizes(drawn: &Drawn) -> Vec<(u32, u32)> {
    let size = |drawn: &Rendition| (drawn.size.width, drawn.size.height);
    drawn.renditions.iter().map(size).collect()
}

/// The left half red, the right half blue.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([230, 20, 20])
        } else {
            Rgb([20, 20, 230])
        }
    })
}

/// A segment after the first marker of a JPEG.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xFF, marker], &length[..], content].concat();
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

/// EXIF with an orientation and a place: IFD0 with two entries, the GPS directory with the latitude's reference.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
    exif.extend([0, 0, 0, 0]);
    exif.extend([1, 0, 1, 0, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"SECRET-PLACE 52.5200 13.4050");
    exif
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

#[test]
fn pictures_are_told_by_their_bytes() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ] {
        let drawn = process(&plain(30, 20, format)).unwrap();
        assert_eq!(sizes(&drawn), [(30, 20)], "{format:?}");
    }
    for known in [
        &b"\0\0\0\x1cftypavif\0\0\0\0"[..],
        b"\0\0\0\x18ftypheic\0\0\0\0",
    ] {
        assert_eq!(process(known).unwrap_err(), PictureError::Avif);
    }
    for other in [
        &b""[..],
        b"<svg/>",
        b"BM\0\0\0\0\0\0",
        b"II*\0\0\0\0\0",
        b"RIFF\0\0\0\0WAVE",
    ] {
        assert_eq!(process(other).unwrap_err(), PictureError::NotAPicture);
    }
}

#[test]
fn sizes_are_never_larger_than_the_picture_and_keep_its_shape() {
    let all = |width, height| sizes(&process(&plain(width, height, ImageFormat::Jpeg)).unwrap());
    assert_eq!(
        all(2000, 1000),
        [(1600, 800), (960, 480), (480, 240), (160, 80)]
    );
    assert_eq!(
        all(600, 1200),
        [(600, 1200), (480, 960), (240, 480), (80, 160)]
    );
    assert_eq!(all(480, 1), [(480, 1), (160, 1)]);
    assert_eq!(all(1, 1), [(1, 1)]);
}

#[test]
fn every_file_can_be_decoded_and_is_what_it_says() {
    let drawn = process(&encode(&halves(700, 500), ImageFormat::Png)).unwrap();
    for rendition in &drawn.renditions {
        for (bytes, format) in [
            (&rendition.webp, ImageFormat::WebP),
            (&rendition.jpeg, ImageFormat::Jpeg),
        ] {
            assert_eq!(image::guess_format(bytes).unwrap(), format);
            let image = image::load_from_memory(bytes).unwrap();
            let size = rendition.size;
            assert_eq!(image.dimensions(), (size.width, size.height));
            let Rgba([red, _, blue, _]) = image.get_pixel(2, size.height / 2);
            assert!(red > 200 && blue < 60, "{format:?} {red} {blue}");
        }
    }
    let placeholder = drawn
        .placeholder
        .strip_prefix("data:image/webp;base64,")
        .unwrap();
    assert!(placeholder.len() < 300, "{}", placeholder.len());
}

#[test]
fn a_picture_is_turned_as_the_camera_was_held_and_forgets_where_that_was() {
    let jpeg = with_segment(
        &encode(&halves(200, 100), ImageFormat::Jpeg),
        0xE1,
        &exif(6),
    );
    let jpeg = with_segment(&jpeg, 0xFE, b"SECRET-COMMENT");
    assert!(holds(&jpeg, b"SECRET-PLACE"));
    let drawn = process(&jpeg).unwrap();
    // Turned right by a quarter: what was left is above.
    assert_eq!(sizes(&drawn), [(100, 200), (80, 160)]);
    for rendition in &drawn.renditions {
        for bytes in [&rendition.jpeg, &rendition.webp] {
            let image = image::load_from_memory(bytes).unwrap();
            let (above, below) = (image.get_pixel(40, 10), image.get_pixel(40, 150));
            assert!(above.0[0] > 200 && below.0[2] > 200, "{above:?} {below:?}");
            for secret in [&b"SECRET"[..], b"Exif", b"EXIF", b"XMP"] {
                assert!(!holds(bytes, secret));
            }
        }
    }
}

#[test]
fn what_stands_behind_a_picture_is_not_served() {
    let script = b"<script>alert(1)</script>";
    for format in [ImageFormat::Gif, ImageFormat::Jpeg, ImageFormat::Png] {
        let polyglot = [&plain(20, 20, format)[..], script, b"PK\x03\x04"].concat();
        let drawn = process(&polyglot).unwrap();
        for rendition in &drawn.renditions {
            for bytes in [&rendition.jpeg, &rendition.webp] {
                assert!(!holds(bytes, b"script") && !holds(bytes, b"PK\x03\x04"));
            }
        }
    }
}

#[test]
fn colours_are_converted_and_the_profile_is_gone() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let content = [b"ICC_PROFILE\0\x01\x01", &profile[..]].concat();
    let red = RgbImage::from_pixel(64, 64, Rgb([200, 60, 60]));
    let plain = encode(&red, ImageFormat::Jpeg);
    let wide = with_segment(&plain, 0xE2, &content);
    let colour = |bytes: &[u8]| {
        let drawn = process(bytes).unwrap();
        assert!(!holds(&drawn.renditions[0].jpeg, b"ICC_PROFILE"));
        let image = image::load_from_memory(&drawn.renditions[0].jpeg).unwrap();
        image.get_pixel(32, 32)
    };
    // The same numbers are a stronger red in Display P3.
    assert!(colour(&wide).0[0] > colour(&plain).0[0] + 8);
    let broken = with_segment(&plain, 0xE2, b"ICC_PROFILE\0\x01\x01nonsense");
    assert_eq!(colour(&broken), colour(&plain));
}

#[test]
fn transparency_stays_in_webp_and_is_white_in_jpeg() {
    let mut bytes = Vec::new();
    RgbaImage::from_pixel(50, 50, Rgba([255, 0, 0, 0]))
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    let drawn = process(&bytes).unwrap();
    let [webp, jpeg] = [&drawn.renditions[0].webp, &drawn.renditions[0].jpeg]
        .map(|bytes| image::load_from_memory(bytes).unwrap().get_pixel(25, 25));
    assert_eq!(webp.0[3], 0);
    assert!(jpeg.0.iter().all(|channel| *channel > 250), "{jpeg:?}");
}

#[test]
fn what_is_too_large_is_refused_before_it_is_decoded() {
    for (width, height) in [(MAX_SIDE + 1, 1), (5001, 5000)] {
        let file = plain(width, height, ImageFormat::Png);
        assert_eq!(process(&file).unwrap_err(), PictureError::TooLarge);
    }
    // A bomb: it says 65535 × 65535 (17 GB) in its header, and has a few bytes.
    let mut bomb = plain(1, 1, ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let mut crc = !0_u32;
    for byte in &bomb[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    bomb[29..33].copy_from_slice(&(!crc).to_be_bytes());
    assert_eq!(process(&bomb).unwrap_err(), PictureError::TooLarge);
    let mut gif = plain(1, 1, ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert_eq!(process(&gif).unwrap_err(), PictureError::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(
        start in prop::sample::select(vec![
            &b"\x89PNG\r\n\x1a\n"[..], b"\xFF\xD8\xFF", b"GIF89a", b"RIFF\x40\0\0\0WEBPVP8 ", b"RIFF\x40\0\0\0WEBPVP8X", b"",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = process(&[start, &rest].concat());
    }

    #[test]
    fn no_damage_makes_it_panic(
        format in prop::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        end in any::<prop::sample::Index>(),
        truncated in any::<bool>(),
    ) {
        let mut bytes = encode(&halves(40, 30), format);
        if format == ImageFormat::Jpeg {
            bytes = with_segment(&bytes, 0xE1, &exif(3));
        }
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if truncated {
            bytes.truncate(end.index(bytes.len()));
        }
        let _ = process(&bytes);
    }
}
